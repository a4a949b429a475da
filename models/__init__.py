"""The networks: manifest, download, output decoding, export and quantisation."""
