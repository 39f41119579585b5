modelc accuracy float.onnx --data $skab/$file.csv --columns 2-9 --train-rows 400 --seed 3 --label anomaly --anomalies
