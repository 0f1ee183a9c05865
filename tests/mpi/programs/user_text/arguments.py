"""[your arguments]: whatever follows the program's name is the program's own."""

import sys

if __name__ == "__main__":
    print(sys.argv[1:])
