import importlib.util
print(importlib.util.find_spec("ensurepip"))
