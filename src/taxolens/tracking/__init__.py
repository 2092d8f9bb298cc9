"""Where the course of a training is written while it goes on: a table, MLflow, TensorBoard."""
