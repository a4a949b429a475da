"""Photos and clips that people send: resumable uploads (tus 1.0), looked through in processes of their own."""
