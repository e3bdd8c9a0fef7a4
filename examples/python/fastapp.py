from fast import greeting

print(greeting())
