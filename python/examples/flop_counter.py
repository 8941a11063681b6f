"""What a small network computes, counted by a mode in Rust."""

import keyway

layers = [keyway.ones([784, 128]), keyway.ones([128, 64]), keyway.ones([64, 10])]
x = keyway.ones([32, 784])
with keyway.FlopCounterMode() as flops:
    for layer in layers:
        x = (x @ layer).relu()
print(f"{flops.total():,} operations")
for operator, count in sorted(flops.by_operator().items(), key=lambda item: -item[1]):
    print(f"{count:>12,}  {operator}")
assert flops.by_operator()["aten::mm"] == 2 * 32 * (784 * 128 + 128 * 64 + 64 * 10)
