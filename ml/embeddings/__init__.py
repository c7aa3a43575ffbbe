"""Texts and photos as vectors of unit length, so that like things lie near one another.

Belongs here: encoders, the files of their models, the export to ONNX. Does not: which listings need a vector
(``pipeline.embeddings``), where vectors are kept (``warehouse.embeddings``), what is made of them (clusters, prices).

Vectors of two model ids are never compared: an id names the weights and the engine, and int8 and fp32 vectors of the
same weights have different neighbours (one in eight of the nearest ten).
"""
