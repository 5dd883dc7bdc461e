"""What each kind of sensor says, as covariance and weight columns of `Evidence`; one kind a file."""
