"""Questions to the clinician who signs docs/clinical.md: what, and the question. Row numbers are those of the rules and conflicts."""

from healthcard.clinic import questions

DOUBTS = (
    ("Rules 20 to 29", "Haemoglobin and arm rules (20 to 25, 28, 29) say nothing while it is not known whether she is pregnant. Should the "
     "cut-off for women who are not pregnant hold then, or another one?"),
    ("Rules 40 to 42, 53 to 60, 62 to 64", "Arm, fever, breathing and haemoglobin rules of a child say nothing without an age. Which of "
     "them should hold for a child of unknown age?"),
    ("Rules 16 to 19", "Fetal heart and movement rules need the last menstrual period (20 weeks or more). Should they hold with the "
     "finding `pregnant` alone?"),
    ("Rule 36", "\"41 weeks: refer for birth\" is silent from day 309, because a pregnancy is taken to end at 44 weeks. Should it go on "
     "until a birth is recorded?"),
    ("Rules 16 and 17", "Fetal heart is amber under 100 and over 180. Other guidelines, as we recall them, use 110 and 160: which "
     "limits do we show?"),
    ("Rules 5 and 6", "Raised pressure is red with severe headache, blurred vision, epigastric pain, dizziness or severe vomiting. Is the "
     "list right? Should dizziness count, should severe abdominal pain, convulsions or swelling of face and hands?"),
    ("Rule 37", "Labour is a danger sign, so normal labour at term is red. Is that wanted at a service point without a birth room?"),
    ("Rule 31", "500 mL of blood loss is red at any time. Should the limit hold only after a birth, and a lower one before?"),
    ("Rules 33 and 70", "Capillary refill is red from 3 s on. Is it \"3 s or more\" or \"more than 3 s\", for mothers and for children?"),
    ("Rules 44 and 46", "Under 6 months a weight for length below -3 meets both rule 44 (red, severe wasting) and rule 46 (amber, at risk "
     "of poor growth). Which one should be shown?"),
    ("Rules 62 and 63", "The haemoglobin cut-off changes at 730 days, the growth standards change at 731. Is 24 months one day for both?"),
    ("Rules 71 and 72", "Low birth weight is shown again at each contact until 60 days. Once, or each time? Until when?"),
    ("All rules with an age", "The age of a child born preterm is not corrected. Should any rule or z-score use the corrected age, and "
     "until when?"),
    ("All rules of a child", "Rules have no upper limit of age, although the card is for children under five and z-scores end at 60 "
     "months. Which rules should stop, and when?"),
    ("Rules 26 and 27", "Fasting glucose has a row in pregnancy only, random glucose none for low values of the mother. Are rows missing?"),
    ("Rule 65", "The note \"3.0 in a severely malnourished child\" stands in the text and no rule applies it. Should one?"),
    ("Allergies without a conflict", "Tetracyclines, fluoroquinolones, paracetamol, iron, antimalarials, opioids, egg and vaccine "
     "component can be recorded as allergies, and no row asks when such a thing is given. Which rows are needed?"),
    ("Medicines: milk", "RUTF and RUSF are not in the group `milk`, which holds F-75 and F-100. Do those given here contain milk?"),
    ("Medicines: `g6pd_risk`", "The group `g6pd_risk` stands at nitrofurantoin and no conflict uses it (row 10 names the medicine itself). "
     "Which other medicines belong to it?"),
    ("Medicines: iron", "Micronutrient powder has no group `iron`. Does conflict 16 (iron with severe acute malnutrition) apply to it?"),
    ("Conflict 15", "The question names MMR, MR, yellow fever and varicella, while the group `live_vaccine` also holds BCG, oral polio "
     "and rotavirus vaccines. Which vaccines should the question name?"),
    ("Questions at entry", "No source was found for how much a weight may change between two contacts "
     f"(z-score by {questions.Z_JUMP:g}; a mother by {questions.MOTHER_KG:g} kg and {questions.MOTHER_KG_A_WEEK:g} kg a week). "
     "What would you ask about?"),
    ("Questions at entry", f"Fundal height is compared with weeks of gestation from {questions.FUNDAL_WEEKS[0]} to "
     f"{questions.FUNDAL_WEEKS[1]} weeks, {questions.FUNDAL_CM:g} cm either way. Is it so in your guidelines?"),
)  # fmt: skip
