"""Two coloured digits in a small picture, or the same in words, with questions about them: the world of model merging.

`facts` says what is added, subtracted and multiplied, and which of these facts are seen early, `scenes` draws scenes and asks about
them, `drawing` paints them. A scene has a picture and a text that say the same. What can be asked is to be read off (a digit, a
colour, both digits) or worked out from both digits, in one step or in two. All results are digits: sums are taken modulo 10.
"""
