/// A side of a subject: how labels name it, and the sentences in which documents speak of it.
///
/// In a label, `*` stands for the topic's name. In a sentence, `*` stands for one of the topic's things and `{a|b|c}` for one of the
/// alternatives.
struct DemoAspect {
  let label: String
  let sentences: [String]

  static let all: [DemoAspect] = [
    DemoAspect(
      label: "history of *",
      sentences: [
        "{monks|sailors|settlers|farmers} knew the * {centuries|generations} ago, {letters|diaries|archives} tell",
        "the museum {shows|keeps|restored} a * from the {eighteenth|nineteenth|last} century and an {ancient|early|antique} *",
        "the * was {invented|first described|introduced} in {medieval|victorian|roman|ancient} times",
        "{historians|scholars|curators} {trace|date} the * back to {ancestors|pioneers|emperors} of the {middle ages|bronze age|renaissance}",
        "{grandmother|great grandfather} {inherited|remembered} the * from {old days|an earlier era}, long before the modern *",
        "an {archive|old manuscript|old engraving} {depicts|mentions} the * in the {decade|era|reign} of {kings|queens|emperors}",
      ]),
    DemoAspect(
      label: "* tools and equipment",
      sentences: [
        "which {gadget|device|accessory|appliance} {works|fits} best for the *, the {steel|titanium|wooden} one or the {electric|plastic} one",
        "i {unpacked|assembled|reviewed} the new {gadget|kit|gear} for the *, {sturdy|lightweight|durable} and {handy|well made}",
        "the {manufacturer|brand|catalogue} offers a {professional|deluxe|lightweight} {device|kit|machine} for * and *",
        "a {sharp|sturdy|digital} {gadget|instrument|accessory} makes the * {precise|easier|quicker}",
        "{product review|buying guide}: five {devices|kits|gadgets} for the *, {tested|compared|measured}",
        "the {handle|blade|motor|battery} of this {appliance|device|machine} suits the * but not the *",
      ]),
    DemoAspect(
      label: "* for beginners",
      sentences: [
        "my {first|very first} * : {step by step|slowly}, what should a {novice|newcomer|learner} {know|try}",
        "{start|begin} with an easy *, {explains|says} the {teacher|tutor|instructor}, and the * comes {later|next}",
        "an {introduction|introductory lesson|easy tutorial} to the * for {newcomers|novices|pupils|learners}",
        "i have never {tried|touched} a * before; which {basics|simple steps} should i {learn|practise} first",
        "the {course|lesson|workshop} {teaches|explains} the basics of the * to {pupils|absolute novices|newcomers}",
        "{lesson one|chapter one}: how to {recognise|hold|understand} the * without {any experience|knowing anything}",
      ]),
    DemoAspect(
      label: "* safety and injuries",
      sentences: [
        "{wear|put on} {gloves|goggles|a mask|a helmet} near the *, {warns|advises} the {doctor|nurse|surgeon}",
        "a {burn|bruise|fracture|sprain|cut} from the * needs {first aid|a bandage|a doctor}",
        "the * can be {dangerous|hazardous|poisonous}; {protect|cover} your {eyes|hands|skin|knees}",
        "{accident|emergency} : a man was {hurt|bitten|wounded} by the * and taken to {hospital|a clinic}",
        "how to {avoid|prevent} {accidents|harm|pain} with the * and the *, a {warning|precaution}",
        "the {hazard|risk|danger} of the * is {underestimated|serious}, {paramedics|doctors|nurses} {say|warn}",
      ]),
    DemoAspect(
      label: "* contests and prizes",
      sentences: [
        "the {champion|winner|finalist} {impressed|delighted} the {jury|judges|referee} with a *",
        "a {gold|silver|bronze} medal for the best *, the {trophy|ribbon} for the *",
        "{entries|teams|rivals} from nine {countries|towns} {compete|battle} in the {annual|national|world} * {championship|tournament|cup}",
        "she {won|lost} the {final|title|semifinal} by {a point|two points} thanks to her *",
        "the {judges|referee|jury} {awarded|gave} {ten|nine|eight} points for the *",
        "{tournament|championship} {results|ranking}: the * {beat|defeated} last year's {champion|winner}",
      ]),
    DemoAspect(
      label: "* on a small budget",
      sentences: [
        "a {cheap|secondhand|discounted} * for {ten euros|a few coins|half the price}",
        "how to {save|spare} money on the *, {without spending|for less than} a {fortune|week's wages}",
        "the * is too {expensive|costly|dear}; a {bargain|cheaper} * does it {too|as well}",
        "{flea market|jumble sale|discount store} : a {used|cheap|reduced} * at a {low|fair|bargain} price",
        "what does a * {cost|come to}, and is the {cheaper|affordable|secondhand} one {worth the money|good enough}",
        "{coupons|discounts|vouchers} and {swaps|loans} make the * {affordable|free}",
      ]),
    DemoAspect(
      label: "fixing * problems",
      sentences: [
        "{help|please help}, the * is {broken|cracked|stuck|ruined} and the * too",
        "why does my * {fail|go wrong|fall apart|collapse} {every time|again and again}",
        "the {cause|reason} of a {faulty|damaged|mouldy|crooked} * and how to {rescue|mend|cure} it",
        "{diagnosis|troubleshooting} : if the * {leaks|sticks|wobbles|sags}, {replace|adjust|loosen} the *",
        "i {ruined|damaged|spoiled} the *; can it be {mended|rescued|saved|restored}",
        "a {mistake|fault|defect} in the * is {mended|corrected|cured} in {minutes|an hour}",
      ]),
    DemoAspect(
      label: "* clubs and meetings",
      sentences: [
        "our {group|society|circle} {gathers|gets together} every {tuesday|friday|sunday} to {talk about|share} the *",
        "{members|volunteers|neighbours} {welcome|invite} you to an evening about the * {in the hall|with tea and cake}",
        "the {association|society} has {forty|sixty|ninety} members who {share|adore} the *",
        "{join|come along}: the {chairwoman|secretary|treasurer} {hosts|organises} an {outing|evening|picnic} around the *",
        "at the {gathering|annual assembly|picnic} {friends|neighbours|members} {swapped|showed} a * and a *",
        "{looking for|wanted}: {companions|friends|fellow enthusiasts} for the *, we {gather|sit together} {weekly|monthly}",
      ]),
  ]

  /// Sentences that belong to no label.
  static let fillers = [
    "it {rained|snowed|was sunny|was windy} {all day|in the morning|in the afternoon}",
    "{anna|martin|sofia|david|lucy|peter|nora|oscar|emma|felix} {wrote|posted|sent} this from {leeds|vienna|oslo|bristol|dublin|lyon|ghent|porto}",
    "{thank you for reading|greetings to everybody|more about it next week|here is what happened}",
    "{posted|updated} in {january|march|april|june|august|october|november}",
    "{my sister|my brother|my uncle|a colleague|my neighbour} {told me|asked|was curious|laughed about it}",
    "{the photo|the video|the second part} is {below|on the next page|coming soon}",
  ]
}
