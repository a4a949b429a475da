"""How often somebody may ask: ``Depends(limited("codes"))`` of ``access``, beside ``Depends(require(…))``."""
