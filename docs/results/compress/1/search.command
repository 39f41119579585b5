modelc compress ../../ds-cnn/1/float.onnx --data $fashion_mnist --seed 1 --max-drop 0.5 --time 30m --jobs 2 --plot front.png -o smallest.onnx
