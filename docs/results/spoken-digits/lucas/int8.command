modelc quantize float.onnx --calibration sounds --label-pattern '^(?<label>[0-9])_' -o int8.onnx
