"""Networks that map fields to fields, a file a kind, in torch: [batch, channels, *space] to [batch, channels, *space]."""
