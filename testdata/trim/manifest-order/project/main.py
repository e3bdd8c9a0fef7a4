import greet
print(greet.greet("order"))
