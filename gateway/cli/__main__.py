"""`python -m gateway.cli`: the command line, where no script of its name is installed."""

from gateway.cli.root import main

main()
