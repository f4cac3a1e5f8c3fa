"""Question files as people have them, made small: the layouts are those of the data sets, the questions are not."""

import base64
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from backends.files.archive import open_zip, single, zipped
from worlds.pictures import encode_jpeg


def jpeg(shade=0):
    """A picture of one grey, as the bytes of a JPEG."""
    return encode_jpeg(np.full((16, 24, 3), shade, np.uint8)).tobytes()


def in_base64(shade=0):
    return base64.b64encode(jpeg(shade)).decode()


MATHVISTA = {
    "1": {"question": "How far is it?", "image": "images/1.jpg", "choices": None, "unit": "m", "precision": 1, "answer": "1.2",
          "question_type": "free_form", "answer_type": "float", "pid": "1",
          "metadata": {"split": "testmini", "category": "math-targeted-vqa", "task": "math word problem", "skills": ["algebra"]}},
    "2": {"question": "What time is it? It is (_) eight.", "image": "images/2.jpg", "choices": ["quarter", "quarter past"],
          "unit": None,
          "precision": None, "answer": "quarter past", "question_type": "multi_choice", "answer_type": "text", "pid": "2",
          "metadata": {"split": "testmini", "category": "general-vqa", "task": "figure question answering", "skills": []}},
    "3": {"question": "How many cubes are left?", "image": "images/3.jpg", "choices": None, "unit": None, "precision": None,
          "answer": "4", "question_type": "free_form", "answer_type": "integer", "pid": "3",
          "metadata": {"split": "testmini", "category": "math-targeted-vqa", "task": "math word problem", "skills": []}},
    "4": {"question": "Between which years?", "image": "images/4.jpg", "choices": None, "unit": None, "precision": None,
          "answer": "[2007, 2008]", "question_type": "free_form", "answer_type": "list", "pid": "4",
          "metadata": {"split": "testmini", "category": "general-vqa", "task": "figure question answering", "skills": []}}}
_VERSIONS = ("Text Dominant", "Text Lite", "Vision Intensive", "Vision Dominant", "Vision Only")
MATHVERSE = [{"sample_index": str(5 * problem + place + 1), "problem_index": str(problem), "problem_version": version,
              "question": "" if version == "Vision Only" else "How wide is it?\nChoices:\nA:3 cm\nB:4 cm\nC:5 cm",
              "image": f"images_version_{place}/image_{problem}.png", "answer": "B", "question_type": "multi-choice",
              "metadata": {"split": "testmini", "source": "made", "subject": "Plane Geometry", "subfield": "Length"},
              "query_wo": "Please give the letter. Question: How wide is it?", "query_cot": "Think first."}
             for problem in range(4) for place, version in enumerate(_VERSIONS)]
MATHVISION = [{"id": "4", "question": "How many digits?\n<image1>", "options": [], "answer": "6", "solution": None, "level": 1,
               "subject": "counting", "image": "images/4.jpg"},
              {"id": "39", "question": "Which colour?\n<image1>", "options": ["red", "blue", "green"], "answer": "A", "level": 3,
               "subject": "logic", "image": "images/39.jpg"},
              {"id": "59", "question": "Which side is opposite?", "options": [], "answer": "C", "level": 1,
               "subject": "solid geometry",
               "image": "images/59.jpg"}]
DYNAMATH = {"1": {"question": "What is the period?", "answer": "2.0944", "image": "image/image1.png", "answer_type": "float",
                  "subject": "analytic geometry", "level": "high school"},
            "5": {"question": "Is it greater? Choices: (A) yes (B) no", "answer": "B", "image": "image/image5.png",
                  "answer_type": "multiple choice", "subject": "statistics", "level": "elementary school"},
            "2": {"question": "Which month is the hottest?", "answer": "May", "image": "image/image2.png", "answer_type": "text",
                  "subject": "statistics", "level": "elementary school"}}
MMSTAR = [{"index": 0, "question": "Which is right?\nOptions: A: a cup, B: a book, C: a tap, D: a hat", "answer": "C",
           "category": "coarse perception", "l2_category": "image scene and topic"},
          {"index": 1, "question": "What is x?\nOptions: A: 3, B: 4", "answer": "B", "category": "math", "l2_category": "geometry"}]
MMMU = [{"id": "validation_Math_1", "question": "What is shown in <image 1>?", "options": "['a ring', 'a disc']", "answer": "A",
         "question_type": "multiple-choice", "subfield": "Topology", "topic_difficulty": "Easy"},
        {"id": "validation_Math_2", "question": "How many?", "options": "[]", "answer": "24", "question_type": "open",
         "subfield": "Counting", "topic_difficulty": "Hard"}]
OWN = [{"id": "q1", "image": "tri.png", "question": "What is x?", "options": ["3", "4", "5"], "answer": "4", "group": "reasoning"},
       {"id": "q2", "image": "tri.png", "question": "What colour is it?", "answer": "red", "group": "perception",
        "subset": "colours"},
       {"id": "q3", "image": "tri.png", "question": "How many sides has it?", "answer": 3, "group": "joint"}]
HINT = ("Hint: Please give the letter at the end.\nQuestion: What time is it?\nChoices:\n(A) quarter\n(B) quarter past")
KIT = [{"index": 1, "question": HINT, "answer": "quarter past", "question_type": "multi_choice", "answer_type": "text",
        "choices": "['quarter', 'quarter past']", "answer_option": "B", "category": "general-vqa",
        "task": "figure question answering",
        "skills": "['statistics']"},
       {"index": 2, "question": "Hint: Please give a number.\nQuestion: How far is it?", "answer": "1.2",
        "question_type": "free_form",
        "answer_type": "float", "precision": 1.0, "choices": "[]", "category": "math-targeted-vqa", "task": "math word problem",
        "skills": "[]"}]


def one(content, name="questions.json"):
    """A file that somebody uploaded alone."""
    return single(name, content if isinstance(content, bytes) else json.dumps(content).encode())


def packed(files):
    return open_zip(zipped({name: content if isinstance(content, bytes) else json.dumps(content).encode()
                            for name, content in files.items()}))


def lines(rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def tsv(rows):
    """As VLMEvalKit writes it."""
    return pd.DataFrame(rows).to_csv(sep="\t", index=False).encode()


def parquet(rows, **options):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, **options)
    return sink.getvalue()


def xlsx(rows):
    """A workbook as Excel and pandas write it: texts in the cells, numbers as numbers."""
    def cell(value):
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace("\n", "&#10;")
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    names = list(dict.fromkeys(name for row in rows for name in row))
    written = "".join(f"<row>{''.join(cell(row.get(name, '')) for name in names)}</row>" for row in [dict(zip(names, names)), *rows])
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>",
                   "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{written}</sheetData></worksheet>".encode()})


