"""The contenders: one module for each library, with a class for each kind of workload that it can do."""
