"""The rules of the dialogue, word by word and slowly: dictionaries, lists, a scan of all rows for a query.

It draws from its generator in the order of the rules, so with equal seeds it says what the fast code says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dqn_fast.tasks.movie_ticket import DialogDomain

DC, NM, OK = "I do not care", "NO VALUE MATCHES!!!", "Ticket Available"


class LiteralUser:
    def __init__(self, domain: DialogDomain, slot_err: float, intent_err: float) -> None:
        self.domain, self.slot_err, self.intent_err = domain, slot_err, intent_err

    def choice(self, options: list[str]) -> str:
        return options[self.rng.integers(len(options))]

    def reset(self, rng: np.random.Generator) -> dict[str, Any]:
        self.rng = rng
        drawn = self.domain.goals[rng.integers(len(self.domain.goals))]
        self.goal_inform = dict(drawn.inform)
        self.goal_request = {**dict.fromkeys(drawn.request, "UNK"), "ticket": "UNK"}
        self.history: dict[str, str] = {}
        self.inform: dict[str, str] = {}
        self.request: dict[str, str] = {}
        self.rest: list[str] = []
        self.turn, self.check = 0, "failed"
        self.act = "request"
        k = self.choice(list(self.goal_inform))
        self.inform[k] = self.goal_inform[k]
        if "moviename" in self.goal_inform:
            self.inform["moviename"] = self.goal_inform["moviename"]
        for slot in self.goal_inform:
            if slot not in self.inform:
                self.rest.append(slot)
        for slot in self.goal_request:
            self.rest.append(slot)
        others = [slot for slot in self.goal_request if slot != "ticket"]
        self.request[self.choice(others) if others else "ticket"] = "UNK"
        return self.said()

    def said(self) -> dict[str, Any]:
        return {"act": self.act, "inform": dict(self.inform), "request": dict(self.request)}

    def step(self, agent: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return what she says, and "failure", "success" or "goes on"."""
        self.turn += 2
        if self.turn > 40:
            return {"act": "closing", "inform": {}, "request": {}}, "failure"
        self.history.update(self.inform)
        self.inform = {}
        if agent["act"] == "request":
            self.on_request(next(iter(agent["request"])))
        elif agent["act"] == "inform":
            if "taskcomplete" in agent["inform"]:
                self.on_taskcomplete(agent["inform"])
            else:
                slot = next(iter(agent["inform"]))
                self.on_inform(slot, agent["inform"][slot])
        elif agent["act"] == "confirm_answer":
            if self.rest == []:
                self.act = "thanks"
            else:
                k = self.choice(self.rest)
                if k in self.goal_request:
                    self.act = "request"
                    self.request[k] = "UNK"
                else:
                    self.act = "inform"
                    self.inform[k] = self.goal_inform[k]
                    self.rest.remove(k)
        elif agent["act"] == "thanks":
            return {"act": "closing", "inform": {}, "request": {}}, self.verdict()
        if self.slot_err > 0:
            for slot in list(self.inform):
                known = self.domain.values.get(slot)
                if known and self.rng.random() < self.slot_err:
                    self.inform[slot] = self.choice(list(known))
        if self.intent_err > 0 and self.rng.random() < self.intent_err:
            self.act = self.choice(list(self.domain.acts))
        return self.said(), "goes on"

    def on_request(self, s: str) -> None:
        if s in self.goal_inform:
            self.inform[s] = self.goal_inform[s]
            self.act = "inform"
            if s in self.rest:
                self.rest.remove(s)
            self.request = {}
        elif s in self.goal_request and s not in self.rest and s in self.history:
            self.inform[s] = self.history[s]
            self.act = "inform"
            self.request = {}
        elif s in self.goal_request and s in self.rest:
            self.act = "request"
            self.request[s] = "UNK"
            for slot in self.goal_inform:
                if slot in self.rest:
                    self.inform[slot] = self.goal_inform[slot]
                    self.rest.remove(slot)
        else:
            self.inform[s] = DC
            self.act = "thanks" if self.request == {} and self.rest == [] else "inform"

    def on_inform(self, s: str, v: str) -> None:
        self.history[s] = v
        if s in self.goal_inform:
            if v == self.goal_inform[s]:
                if s in self.rest:
                    self.rest.remove(s)
                if self.request != {}:
                    self.act = "request"
                elif self.rest != []:
                    self.say_next(ticket_rule=False)
                else:
                    self.act = "thanks"
            else:
                self.act = "inform"
                self.inform[s] = self.goal_inform[s]
                if s in self.rest:
                    self.rest.remove(s)
            return
        if s in self.rest:
            self.rest.remove(s)
        if s in self.request:
            del self.request[s]
        if self.request != {}:
            others = [slot for slot in self.request if slot != "ticket"]
            self.request[self.choice(others) if others else "ticket"] = "UNK"
            self.act = "request"
        elif self.rest != []:
            self.say_next(ticket_rule=True)
        else:
            self.act = "thanks"

    def say_next(self, ticket_rule: bool) -> None:
        q = [slot for slot in self.rest if slot != "ticket"]
        if q == []:
            self.request["ticket"] = "UNK"
            self.act = "request"
            return
        k = self.choice(q)
        if k in self.goal_inform:
            self.inform[k] = self.goal_inform[k]
            self.rest.remove(k)
            self.act = "inform"
            if ticket_rule and "ticket" in self.rest:
                self.request["ticket"] = "UNK"
                self.act = "request"
        else:
            self.request[k] = "UNK"
            self.act = "request"

    def on_taskcomplete(self, informed: dict[str, str]) -> None:
        self.act, self.check = "thanks", "passed"
        if informed["taskcomplete"] == NM:
            self.history["ticket"] = NM
            if "ticket" in self.rest:
                self.rest.remove("ticket")
            if "ticket" in self.request:
                del self.request["ticket"]
        for slot, value in self.goal_inform.items():
            if slot not in informed or informed[slot].lower() != value.lower():
                self.act, self.check = "deny", "failed"
                self.request, self.inform = {}, {}

    def verdict(self) -> str:
        if [slot for slot in self.request if slot != "ticket"] != []:
            return "failure"
        if [slot for slot in self.rest if slot != "ticket"] != []:
            return "failure"
        for slot, value in self.history.items():
            if value == NM or (slot in self.goal_inform and value != self.goal_inform[slot]):
                return "failure"
        return "failure" if self.check == "failed" else "success"


class LiteralDialog:
    """Both sides and the reward."""

    def __init__(self, domain: DialogDomain, slot_err: float = 0.0, intent_err: float = 0.0) -> None:
        self.domain = domain
        self.user = LiteralUser(domain, slot_err, intent_err)

    def reset(self, rng: np.random.Generator) -> list[float]:
        self.known: dict[str, str] = {}
        self.user_said = self.user.reset(rng)
        self.known.update(self.user_said["inform"])
        self.agent_said: dict[str, Any] | None = None
        self.moves = 1
        return self.features()

    def matching(self, skipped: tuple[str, ...]) -> list[int]:
        found = []
        for number, row in enumerate(self.domain.rows):
            if all(
                slot in row and row[slot].lower() == value.lower()
                for slot, value in self.known.items()
                if slot not in skipped and value != DC
            ):
                found.append(number)
        return found

    def value_of(self, slot: str) -> str:
        rows = [
            self.domain.rows[number]
            for number in self.matching(("ticket", "numberofpeople", "taskcomplete", "closing"))
        ]
        if slot in ("ticket", "taskcomplete"):
            return OK if rows else NM
        values = [row[slot] for row in rows if slot in row]
        if not values:
            return NM
        order = [row[slot] for row in self.domain.rows if slot in row]
        return max(set(values), key=lambda value: (values.count(value), -order.index(value)))

    def step(self, action: int) -> tuple[list[float], float, bool, dict[str, float]]:
        act, slot = self.domain.actions[action]
        said: dict[str, Any] = {"act": act, "inform": {}, "request": {}}
        if act == "request":
            said["request"][slot] = "UNK"
        elif act == "inform":
            value = self.value_of(str(slot))
            said["inform"] = {**self.known, slot: value} if slot == "taskcomplete" else {slot: value}
        self.agent_said = said
        self.known.update(said["inform"])
        self.user_said, outcome = self.user.step(said)
        self.known.update(self.user_said["inform"])
        self.moves += 2
        reward = {"goes on": -1.0, "success": 80.0, "failure": -40.0}[outcome]
        figures = {"success": float(outcome == "success"), "turns": self.moves - 1.0}
        return self.features(), reward, outcome != "goes on", figures

    def features(self) -> list[float]:
        features: list[float] = []
        for said in (self.user_said, self.agent_said):
            said = said or {"act": None, "inform": {}, "request": {}}
            features += [float(act == said["act"]) for act in self.domain.acts]
            features += [float(slot in said["inform"]) for slot in self.domain.slots]
            features += [float(slot in said["request"]) for slot in self.domain.slots]
        features += [float(slot in self.known) for slot in self.domain.slots]
        features += [self.moves / 10]
        features += [float(place == self.moves) for place in range(44)]
        counts = [float(len(self.matching(("ticket",))))] * (len(self.domain.slots) + 1)
        for place, slot in enumerate(self.domain.slots):
            if slot in self.known:
                value = self.known[slot].lower()
                counts[place] = sum(slot in row and row[slot].lower() == value for row in self.domain.rows)
        return features + [float(count > 0) for count in counts] + [count / 100 for count in counts]
