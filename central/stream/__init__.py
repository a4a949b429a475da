"""The live stream: the case log's tail, read once a second and shared among all who listen."""
