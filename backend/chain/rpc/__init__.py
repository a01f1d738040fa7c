"""JSON-RPC with several providers behind one interface: see `pool.RpcPool`."""
