class Base:
    def __init__(self, value):
        self.value = value


def plus(x):
    return x + 100
