import hashlib
print(hashlib.sha256(b"app").hexdigest()[:8])
