"""Small models that build a map of a scene from a few views and reason over it: the miniature of MindCube (arXiv 2506.21458).

`ways` has the configurations that they are trained and asked in, `words` their vocabulary, `examples` a question as all of them tell
it, `replies` what they say, read again. `symbols` is the version in which views are words, `scenes` tells questions about rooms that
are seen; `towers` are the eyes of those, `albums` their pictures drawn once, `networks` the networks, `learning` trains and asks both
versions. `asking` asks a mapper with its eye about pictures, and hands it maps.
"""
