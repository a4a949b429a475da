"""Proof: the packet ring, clips, snapshots, and where each thing stands on the earth."""
