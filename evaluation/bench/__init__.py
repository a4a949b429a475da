"""How fast is it: the whole edge on real streams, beside the least that anybody could do."""
