modelc report int8.onnx --weights smallest --published --seconds 1 -o int8.html
