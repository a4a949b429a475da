"""Work that outlives the copy of central that began it: kept in the database, taken up by any copy."""
