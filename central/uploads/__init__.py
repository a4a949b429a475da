"""Photos and clips of people: resumable uploads (tus 1.0), looked through in processes of their own."""
