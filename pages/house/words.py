"""Technical words, explained where they first stand: a small button each, in plain language."""

import streamlit as st

TERMS = {
    "grid": "Many frames of the video, tiled into one picture. The detector looks at all of them in one go, each of them small.",
    "cue": "A thing that is likely to be near what is sought: a clock hints at the room in which the cup stands.",
    "score": "How sure the detector is that a box shows what it was asked for, from 0 to 1.",
    "distribution": "How likely each second is to be looked at next. It is even at first, and rises where something lit up.",
    "recall": "Of the seconds in which the thing truly is, the share that has a key frame within five seconds.",
    "theta": "The score above which a thing counts as confirmed.",
    "token": "A piece of text that a model reads or writes in one step. Here most tokens are whole words.",
    "greedy": "Greedy decoding writes the likeliest token at every step. It is what models do when nothing else is asked for.",
    "decoder": "The rule that chooses the next token from the model's probabilities.",
    "masked prompt": "The same prompt without one word. What both prompts would say alike did not come from that word.",
    "lift": "How much likelier the greedy answer gets when a word is taken away. A word with a high lift was being ignored.",
    "nats": "A unit of log-probability: one nat less is a probability 2.7 times smaller.",
    "R-PMI": "Relative pointwise mutual information: how much likelier the whole prompt makes a token than the masked one does.",
    "gate": "Orrery's own switch: contrast only where the masked prompt likes the greedy answer even more.",
    "floor": "Orrery's own rule for tokens that only the whole prompt finds plausible: they are held against the least plausible "
             "probability, not against the popular answer's.",
    "popular": "The answer of the many similar sentences that the model has read. It overshadows the rare, correct one.",
    "logit": "The number behind an attention weight, before all of them are made to add up to 1.",
    "attention": "How much of each earlier token goes into the next step of the model; all shares together are 1.",
    "entropy": "How widely something is spread, in nats: 0 when all of it is in one place.",
    "alpha": "The image logits of the last prompt token are multiplied by alpha: below 1 spreads the gaze, above 1 sharpens it.",
    "beta": "AdaptVis calls an answer unsure when its confidence is below beta.",
    "confidence": "The probability of the first word of the answer.",
    "AUROC": "The area under the ROC curve: 0.5 says that attention finds the true boxes no better than chance, 1 that it is on them "
             "alone.",
    "diffusion transformer": "A network that turns noise into a picture step by step. It cuts the picture into tokens, and its "
                             "layers let them exchange what they know.",
    "a layer's attention": "How much each token of the picture takes from each other one, before or behind it; all shares of a token "
                           "together are 1.",
    "operator": "A part of a layer that can be cut out: attention, through which tokens look at each other, or the MLP, which works "
                "on each token by itself.",
    "self-graft": "The same operator again with fresh weights, healed like any other. What it loses is lost by the healing, not by "
                  "the operator.",
    "held-out error": "How far the model's guess is off on noised pictures that it never learned from. It ranks models best; the "
                      "lower, the better.",
    "proxy-FD": "A Fréchet distance: how far painted pictures are from real ones in the features of a small classifier. It depends "
                "on how many are judged.",
    "guidance": "How far the class is followed beyond what the model says by itself; 1 is as it says.",
    "near": "Counted as near are tokens at most so many places apart in raster order.",
    "raster order": "Token after token from left to right, row after row from above: the first of a row follows the last of the row "
                    "above.",
    "turn": "One call of an agent: what it was told, what it wrote, and what was done of it. A plan of several actions is one turn.",
    "reflection": "The part of an agent's reply that says what was done so far and what is left. ERA hands it on to the next turn.",
    "feedback": "The sentence with which the world answers an action: that it worked, or why it could not be done.",
    "subgoal": "A condition of the task, such as that the mug is clean. Each one that is met for the first time is rewarded once.",
    "pose": "An action on the table top: x, y and z in centimetres, roll, pitch and yaw in steps of 3 degrees, then 0 to close the "
            "gripper or 1 to open it.",
    "target": "A thing that the task speaks of, such as the cube and the box. Coming within 20 cm of each is rewarded once.",
    "iteration": "Episodes are played with the agent as it is, then it learns from all of them once. The next one begins from there.",
    "return": "What an episode earns in all: the sum of its turns' rewards.",
    "critic": "A second network that learns how much is still to be earned from where the agent stands. It acts nowhere.",
    "advantage": "How much better a turn, or a token, went than the critic expected: what was above that becomes likelier.",
    "group": "The episodes that begin from one and the same start. They are compared with each other.",
    "spread inside groups": "How much the rewards of one start differ: their standard deviation, averaged over the starts. At 0 all "
                            "of them are the same, and nothing can be learned from comparing them.",
    "fixed start": "One of 256 games that no training ever begins with. Whoever plays one, plays the same.",
    "push": "How far one step of learning moves the odds of pulling the risky arm: above 0 it is pulled more often afterwards.",
    "cognitive map": "A drawing of the room as seen from above, in words: each thing with its place on a grid of 10 by 10, and where "
                     "it faces. MindCube's models write it as JSON.",
    "isomorphic": "On the map everything stands to everything else as it truly does, however the map as a whole is turned or scaled.",
    "facing": "Where a thing looks on the map, if it has a front: up, right, down or left. Up is where the front view looks.",
    "chain of thought": "The steps that are written before the answer: what each image shows, how the images belong together, where "
                        "one stands, what follows.",
    "coverage": "The share of the true things that are on the map at all. It is reported, and lowers no other score.",
    "text alone": "A rule that sees no image: it says yes wherever it can, a diagonal movement wherever movements are offered, and "
                  "any option else. What is below it need not have looked.",
    "balanced accuracy": "The accuracy of each kind of right answer (yes, no, a movement, a thing), averaged over the kinds: who "
                         "always says yes gains nothing.",
    "answer tag": "MindCube asks for the answer between <answer> and </answer>. A reply without them was cut off, or did not do as "
                  "asked.",
    "reinforcement": "The model answers several times; what earned more than its other answers to the same question becomes "
                     "likelier.",
    "merge": "To compute one model's weights from those of several, number by number. Nothing is trained for it.",
    "lambda": "λ, the share of the seeing model in the child; the rest is the reasoning model's. At 1 the child is the seeing model, "
              "at 0 the reasoning model behind its eyes.",
    "task vector": "What a model learned when it was tuned: its weights less those of the model that it began as.",
    "new sums": "Sums that the seeing model never met. The reasoning model met them as text, and has no eyes: only who has both can "
                "do them from a picture.",
    "miniature's sums": "Left and right digit are added, subtracted or multiplied, and only the last digit of the result counts. "
                        "Facts are learned by heart, so who has not met one can only guess.",
    "cosine": "How alike the directions of two vectors are: 1 the same, 0 at right angles, -1 opposite.",
    "flattened": "Every number of a module's matrices is set to one and the same small value, so that it says nothing any more.",
    "logit lens": "What is in the model after a layer is read as if it were its last: which word would it say now?",
    "tokenizer": "What cuts text into numbered pieces. Two models can be merged embedding and all only if equal numbers mean "
                 "equal pieces.",
    "shard": "One of several files that a large model's weights are stored in.",
    "grouped-query": "Several heads of attention share one key and value, so that these matrices are smaller. Models must do so "
                     "alike.",
    "first logits": "The numbers from which the first word is chosen. They are computed by the written model and by a merge in "
                    "memory.",
    "noise floor": "How far a score moves by chance alone, where so many questions are asked. A difference inside it says nothing.",
    "95 % interval": "Had the same been measured again on other items of the same kind, 19 of 20 such intervals would hold the true "
                     "value.",
}


def explain(place: str, *terms: str) -> None:
    """A line of these words, each with its explanation behind a click: it works by finger and by keyboard, as a tooltip does not.

    Args:
        place: of the page; a word may be explained in several.
    Raises: KeyError where there is no such word.
    """
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"words.{place}"):
        st.caption("In plain words:", width="content")
        for term in terms:
            with st.popover(term, type="tertiary", key=f"words.{place}.{term}"):
                st.markdown(TERMS[term])
