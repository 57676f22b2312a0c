"""`python -m cubie_cli` is `cubie`."""

from cubie_cli.main import main

if __name__ == "__main__":
    main()
