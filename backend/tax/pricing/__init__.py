"""What amounts of files and of what is written by hand were worth then, by the ladder of prices."""
