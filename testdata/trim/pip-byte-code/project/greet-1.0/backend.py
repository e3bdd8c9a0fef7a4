"""Builds the wheel of greet with nothing but the standard library, so that no network is needed."""
import os
import zipfile


def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "greet-1.0-py3-none-any.whl"
    meta = {
        "METADATA": "Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: greet\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(os.path.join(directory, name), "w") as z:
        for f in ("__init__.py", "words.bin"):
            z.write("greet/" + f)
            record += "greet/" + f + ",,\n"
        for f, text in meta.items():
            z.writestr("greet-1.0.dist-info/" + f, text)
            record += "greet-1.0.dist-info/" + f + ",,\n"
        z.writestr("greet-1.0.dist-info/RECORD", record + "greet-1.0.dist-info/RECORD,,\n")
    return name
