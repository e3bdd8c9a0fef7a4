import fast
print(fast.twice(21))
