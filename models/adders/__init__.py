"""Small models that read off two digits and reckon with them, from one base: the miniature of model merging (arXiv 2505.05464).

A base reads scenes in words and knows a quarter of all facts. One child of it, the reasoner, learns all facts from words; another,
the vision-language model, learns to see, with the facts of the base. What neither can, to reckon with unseen facts on pictures, is
what a merge of both is asked for.

`words` has the vocabulary, `networks` the networks, `lessons` what each parent learns, `sight` and `learning` how, `making` makes all
three. `answering` asks a model many questions at once, `scores` says how many of a kind it answers right.
"""
