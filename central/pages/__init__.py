"""The operator's pages: HTML rendered here, live by server-sent events; services decide, pages only show."""
