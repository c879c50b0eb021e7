"""What the commands do, below the command line: find, call, print. One module a panel."""
