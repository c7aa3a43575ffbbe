"""One script a claim: each prints ratios against a peer or the limit, measured in the same run."""
