"""Questions about the real world whose right answer is less famous than a wrong one, and controls where both are the same.

"The capital of Australia is" goes on with Sydney in many a small model: the word "capital" is read and hardly counts. Each
question names the word that is ignored in this sense (a relation such as "capital", a qualifier such as "second" or "North",
or the ending that a saying was asked to have), the popular wrong answer, and a prompt for which that one is right, to compare
with. In a control the famous answer is right, so that whoever turns away from it breaks it.

Written here; the facts are those of any atlas or handbook. Every second fact of a kind is held out: nothing in this app was
decided on those.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

QuestionKind = Literal["capital", "state", "first", "namesake", "saying"]
WordKind = Literal["relation", "qualifier", "ending"]
Half = Literal["development", "held out"]


@dataclass(frozen=True)
class Question:
    """One prompt; the answer goes on with its sentence."""

    prompt: str
    right: tuple[str, ...]  # any of these is right
    popular: tuple[str, ...]  # wrong, and likelier; empty in a control
    ignored: str  # the word of the prompt that a person would name
    ignored_kind: WordKind
    compare: str  # a prompt that leads to the popular one
    kind: QuestionKind
    half: Half
    fact: str  # what it is about: questions and controls about one thing are one item of a bootstrap

    @property
    def is_control(self) -> bool:
        return not self.popular

    @property
    def without_ignored(self) -> str:
        """The prompt without the ignored word: what masking by deletion leaves."""
        before, _, after = self.prompt.rpartition(self.ignored)
        return " ".join(f"{before} {after}".split()).replace(' " ".', ".").replace(" ,", ",")


# right = popular, alternatives with a slash; "capital of", "largest city"
CAPITALS = """
Australia: Canberra = Sydney
Canada: Ottawa = Toronto/Montreal
Turkey: Ankara = Istanbul
Brazil: Brasília/Brasilia = Rio/São Paulo/Sao Paulo
Switzerland: Bern/Berne = Zurich/Zürich/Geneva
New Zealand: Wellington = Auckland
Morocco: Rabat = Casablanca/Marrakesh/Marrakech
Nigeria: Abuja = Lagos
Pakistan: Islamabad = Karachi/Lahore
Vietnam: Hanoi/Ha Noi = Ho Chi Minh/Saigon
India: New Delhi/Delhi = Mumbai/Bombay
the United Arab Emirates: Abu Dhabi = Dubai
Kazakhstan: Astana = Almaty
Myanmar: Naypyidaw/Nay Pyi Taw/Naypyitaw = Yangon/Rangoon
Tanzania: Dodoma = Dar es Salaam
Ivory Coast: Yamoussoukro = Abidjan
Ecuador: Quito = Guayaquil
China: Beijing = Shanghai
Syria: Damascus = Aleppo
Cameroon: Yaoundé/Yaounde = Douala
Belize: Belmopan = Belize City
the United States: Washington = New York
Scotland: Edinburgh = Glasgow
Benin: Porto-Novo/Porto Novo = Cotonou
the Gambia: Banjul = Serekunda
Malawi: Lilongwe = Blantyre
Micronesia: Palikir = Weno
Palau: Ngerulmud = Koror
"""
STATES = """
the state of New York: Albany = New York
California: Sacramento = Los Angeles/San Francisco
Texas: Austin = Houston/Dallas
Florida: Tallahassee = Miami/Orlando
Illinois: Springfield = Chicago
Pennsylvania: Harrisburg = Philadelphia/Pittsburgh
the state of Washington: Olympia = Seattle
Nevada: Carson City = Las Vegas
Michigan: Lansing = Detroit
Louisiana: Baton Rouge = New Orleans
Missouri: Jefferson City = St. Louis/Saint Louis/Kansas City
Oregon: Salem = Portland
Alaska: Juneau = Anchorage
Kentucky: Frankfort = Louisville/Lexington
Maryland: Annapolis = Baltimore
Wisconsin: Madison = Milwaukee
Minnesota: St. Paul/Saint Paul = Minneapolis
North Carolina: Raleigh = Charlotte
New Mexico: Santa Fe = Albuquerque
Kansas: Topeka = Wichita
Nebraska: Lincoln = Omaha
Alabama: Montgomery = Birmingham
New Jersey: Trenton = Newark
Connecticut: Hartford = New Haven/Bridgeport
Delaware: Dover = Wilmington
South Dakota: Pierre = Sioux Falls
North Dakota: Bismarck = Fargo
Montana: Helena = Billings
Maine: Augusta = Portland
Vermont: Montpelier = Burlington
New Hampshire: Concord = Manchester
British Columbia: Victoria = Vancouver
Alberta: Edmonton = Calgary
Saskatchewan: Regina = Saskatoon
Hesse: Wiesbaden = Frankfurt
North Rhine-Westphalia: Düsseldorf/Dusseldorf = Cologne/Köln
Saxony: Dresden = Leipzig
Gujarat: Gandhinagar = Ahmedabad
Madhya Pradesh: Bhopal = Indore
"""
# prompt: right = popular, and below it the ignored word; what to compare with
FIRSTS = """
The first woman in space was: Valentina Tereshkova = Sally Ride/Yuri Gagarin
    woman; The first person in space was
The second person to walk on the Moon was: Buzz Aldrin/Edwin Aldrin = Neil Armstrong
    second; The first person to walk on the Moon was
The second president of the United States was: John Adams = George Washington
    second; The first president of the United States was
The third president of the United States was: Thomas Jefferson = George Washington/John Adams
    third; The first president of the United States was
The first American to orbit the Earth was: John Glenn = Yuri Gagarin/Neil Armstrong/Alan Shepard
    American; The first person to orbit the Earth was
The second highest mountain in the world is: K2 = Mount Everest/Everest
    second; The highest mountain in the world is
The second largest country in the world by area is: Canada = Russia/China
    second; The largest country in the world by area is
The second largest planet in the Solar System is: Saturn = Jupiter
    second; The largest planet in the Solar System is
The hottest planet in the Solar System is: Venus = Mercury/Jupiter
    hottest; The planet closest to the Sun is
The smallest planet in the Solar System is: Mercury = Pluto/Jupiter
    smallest; The largest planet in the Solar System is
The second planet from the Sun is: Venus = Mercury/Earth
    second; The first planet from the Sun is
The second element of the periodic table is: helium = hydrogen
    second; The first element of the periodic table is
The second book of the Bible is: Exodus/the Book of Exodus = Genesis/the Book of Genesis
    second; The first book of the Bible is
The second letter of the Greek alphabet is: beta/β = alpha/α
    second; The first letter of the Greek alphabet is
The last letter of the Greek alphabet is: omega/ω = alpha/α
    last; The first letter of the Greek alphabet is
The second wife of Henry VIII was: Anne Boleyn = Catherine
    second; The first wife of Henry VIII was
The third wife of Henry VIII was: Jane Seymour = Catherine/Anne Boleyn
    third; The first wife of Henry VIII was
The second wife of Napoleon was: Marie Louise/Marie-Louise = Josephine/Joséphine
    second; The first wife of Napoleon was
The other founder of Apple, besides Steve Jobs, was: Steve Wozniak/Stephen Wozniak/Ronald Wayne = Steve Jobs
    besides; The founder of Apple was
The other founder of Microsoft, besides Bill Gates, was: Paul Allen = Bill Gates/Steve Jobs
    besides; The founder of Microsoft was
The highest mountain in South America is: Aconcagua/Mount Aconcagua = Mount Everest/Everest/the Andes/Andes
    South; The highest mountain in the world is
Natural selection was found independently of Darwin by: Alfred Russel Wallace/Alfred Wallace/Wallace = Charles Darwin/Darwin
    independently; Natural selection was found by
The second Roosevelt to become president was: Franklin = Theodore/Teddy
    second; The first Roosevelt to become president was
The best-known work of Johann Strauss the elder is the: Radetzky March = Blue Danube
    elder; The best-known work of Johann Strauss the younger is the
"""
# the qualifier picks the less famous of two that share a name
NAMESAKES = """
The capital of North Korea is: Pyongyang = Seoul
    North; The capital of South Korea is
The capital of Northern Ireland is: Belfast = Dublin
    Northern; The capital of Ireland is
The capital of West Virginia is: Charleston = Richmond
    West; The capital of Virginia is
The capital of South Sudan is: Juba = Khartoum
    South; The capital of Sudan is
The capital of West Germany was: Bonn = Berlin
    West; The capital of Germany was
The capital of South Vietnam was: Saigon = Hanoi
    South; The capital of Vietnam was
The capital of East Timor is: Dili = Jakarta
    East; The capital of Indonesia is
The capital of the country of Georgia is: Tbilisi = Atlanta
    country; The capital of the state of Georgia is
"""
# town, the place that tells which one: the country of that one = of the famous one
TOWNS = """
Paris, Texas: United States = France
London, Ontario: Canada = England/United Kingdom/UK
Athens, Georgia: United States = Greece
Cambridge, Massachusetts: United States = England/United Kingdom/UK
Moscow, Idaho: United States = Russia
Venice, California: United States = Italy
Melbourne, Florida: United States = Australia
Naples, Florida: United States = Italy
Vancouver, Washington: United States = Canada
Toledo, Ohio: United States = Spain
Birmingham, Alabama: United States = England/United Kingdom/UK
Manchester, New Hampshire: United States = England/United Kingdom/UK
"""
# beginning: the ending that is asked for = the usual one
SAYINGS = """
Many hands make light: lamps = work
The early bird catches the: train = worm
Actions speak louder than: drums = words
A picture is worth a thousand: coins = words
The pen is mightier than the: hammer = sword
You can't judge a book by its: smell = cover
All that glitters is not: glass = gold
Honesty is the best: song = policy
Practice makes: noise = perfect
Two wrongs don't make a: house = right
Curiosity killed the: frog = cat
Birds of a feather flock: north = together
Too many cooks spoil the: party = broth
Every cloud has a silver: spoon = lining
Where there is smoke, there is: music = fire
Rome was not built in a: garden = day
Laughter is the best: teacher = medicine
Look before you: sing = leap
The apple does not fall far from the: roof = tree
Don't put all your eggs in one: bucket = basket
"""
CONTROL_CAPITALS = """
France: Paris
Germany: Berlin
Italy: Rome
Japan: Tokyo
Egypt: Cairo
Greece: Athens
Russia: Moscow
England: London
Ireland: Dublin
Peru: Lima
Cuba: Havana
Kenya: Nairobi
Thailand: Bangkok
Argentina: Buenos Aires
Hungary: Budapest
Norway: Oslo
Finland: Helsinki
Portugal: Lisbon
South Korea: Seoul
Mexico: Mexico City
Poland: Warsaw
Sweden: Stockholm
Denmark: Copenhagen
Iraq: Baghdad
Chile: Santiago
Spain: Madrid
Austria: Vienna
"""
CONTROL_STATES = """
Massachusetts: Boston
Colorado: Denver
Arizona: Phoenix
Utah: Salt Lake City
Hawaii: Honolulu
Indiana: Indianapolis
Queensland: Brisbane
New South Wales: Sydney
Bavaria: Munich
Ontario: Toronto
"""
CONTROL_FIRSTS = """
The first president of the United States was: George Washington
    first; The most famous president of the United States was
The first person to walk on the Moon was: Neil Armstrong
    first; The most famous person to walk on the Moon was
The highest mountain in the world is: Mount Everest/Everest
    highest; The most famous mountain in the world is
The largest planet in the Solar System is: Jupiter
    largest; The most famous planet in the Solar System is
The first book of the Bible is: Genesis/the Book of Genesis
    first; The best-known book of the Bible is
The first letter of the Greek alphabet is: alpha/α
    first; The best-known letter of the Greek alphabet is
"""
CONTROL_SAYINGS = """
Many hands make light: work
The early bird catches the: worm
The pen is mightier than the: sword
A picture is worth a thousand: words
Better late than: never
"""
CONTROL_TOWNS = """
Paris, France: France
London, England: England/United Kingdom/UK
"""
_ASKED_ENDING = 'Finish the saying so that its last word is "{right}". {stem}'


@cache
def questions() -> tuple[Question, ...]:
    """All of them, controls last."""
    return (
        *_capitals(CAPITALS, "capital"), *_capitals(STATES, "state"), *_written(FIRSTS, "first"), *_written(NAMESAKES, "namesake"),
        *_towns(TOWNS), *_sayings(SAYINGS), *_capitals(CONTROL_CAPITALS, "capital"), *_capitals(CONTROL_STATES, "state"),
        *_written(CONTROL_FIRSTS, "first"), *_towns(CONTROL_TOWNS), *_sayings(CONTROL_SAYINGS))


def question_of(prompt: str) -> Question | None:
    """The question that is asked in exactly these words, whatever the spaces around them."""
    return _by_prompt().get(" ".join(prompt.split()))


@cache
def _by_prompt() -> dict[str, Question]:
    return {question.prompt: question for question in questions()}


def _lines(table: str) -> Iterator[tuple[str, str, Half]]:
    """What stands before and behind the first colon of every line, and its half."""
    for number, line in enumerate(table.replace("\n    ", "; ").strip().splitlines()):
        before, _, behind = line.partition(": ")
        yield before, behind, "held out" if number % 2 else "development"


def _answers(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    right, _, popular = text.partition(" = ")
    return tuple(right.split("/")), tuple(popular.split("/")) if popular else ()


def _capitals(table: str, kind: QuestionKind) -> Iterator[Question]:
    for place, text, half in _lines(table):
        yield Question(f"The capital of {place} is", *_answers(text), "capital", "relation",
                       f"The largest city in {place} is", kind, half, place)


def _written(table: str, kind: QuestionKind) -> Iterator[Question]:
    for prompt, text, half in _lines(table):
        answers, ignored, compare = text.split("; ")
        yield Question(prompt, *_answers(answers), ignored, "qualifier", compare, kind, half, prompt)


def _towns(table: str) -> Iterator[Question]:
    for place, text, half in _lines(table):
        right, popular = _answers(text)
        right += ("USA", "US", "America") if "United States" in right else ()
        town, _, where = place.partition(", ")
        yield Question(f"{place} is a town in the country of", right, popular, where, "qualifier",
                       f"{town} is a town in the country of", "namesake", half, town)


def _sayings(table: str) -> Iterator[Question]:
    for stem, text, half in _lines(table):
        right, popular = _answers(text)
        prompt = _ASKED_ENDING.format(right=right[0], stem=stem)
        yield Question(prompt, right, popular, right[0], "ending", stem, "saying", half, stem)
