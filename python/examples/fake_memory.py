"""What a computation on tensors too large for this machine would need, by tensors without data."""

import keyway

fake = keyway.FakeTensorMode()


class Peak(keyway.DispatchMode):
    """Sums the bytes of results."""

    bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **kwargs)
        self.bytes += result.numel() * result.element_size()
        return result


with fake, Peak() as peak:
    x = fake.empty([1 << 20, 8192])
    w = fake.empty([8192, 8192])
    y = (x @ w).relu().sum(1)
print(f"{list(y.shape)}; results take {peak.bytes / 2**30:.1f} GiB")
assert keyway.is_fake(y) and list(y.shape) == [1 << 20]
