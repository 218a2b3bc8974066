"""The noise classifier (NC): which kind of noise surrounds the listener."""
