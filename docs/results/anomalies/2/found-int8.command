modelc accuracy int8.onnx --data $skab/$file.csv --columns 2-9 --train-rows 400 --seed 2 --label anomaly --anomalies
