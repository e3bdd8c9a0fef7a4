import json
print(json.dumps({"n": list(range(10))}))
