"""The contenders: one module per library, with a class for each kind of workload that it can do."""
