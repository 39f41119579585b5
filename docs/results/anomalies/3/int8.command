modelc quantize float.onnx --calibration $skab/$file.csv --columns 2-9 --train-rows 400 --seed 3 --no-time -o int8.onnx
