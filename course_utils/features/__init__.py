"""From arrays to features: references for the layers, pretrained encoders, a cache of what they give."""
