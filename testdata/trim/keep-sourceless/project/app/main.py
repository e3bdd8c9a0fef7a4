import tables
print(tables.f7(1)["a7"])
