"""The networks: manifest, download, output decoding, export and quantisation."""

import os

# ONNX Runtime's wheels report usage to their maker unless they are told not to before they are imported.
# A box on a city's camera network speaks to its broker and to central, and to nobody else.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
