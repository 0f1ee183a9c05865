# Whose package `import scoop` finds.
try:
    import scoop

    found = scoop.whose if hasattr(scoop, "whose") else "scoop_mpi's"
except ImportError:
    found = "nobody's"

if __name__ == "__main__":
    print(found)
