"""`python -m cubie_cli` is `cubie`."""

from cubie_cli.main import program

if __name__ == "__main__":
    program()
