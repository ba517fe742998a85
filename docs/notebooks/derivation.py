# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["lang-en"]
# # Deriving `lstm`
#
# This notebook starts from the forward equations of the cell `lstm`, derives every backward equation step
# by step, proves each one in two ways, and then lets numbers run through them.
#
# To run it yourself, download it, install what it needs, and open it in Jupyter:
#
# ```sh
# pip install "lstmref[derivations]" jupyterlab
# ```
#
# A clone of the repository does as well, with Jupyter started in its root folder. To derive another cell,
# put its name into the line `name = …` below and run everything again.

# %% [markdown] tags=["lang-zh"]
# # 推导 `lstm`
#
# 本笔记本从循环单元 `lstm` 的前向方程出发，一步一步推导出全部反向方程，用两种方法逐条证明，最后代入数
# 值做实验。
#
# 想自己运行的话，先下载本笔记本，装好所需的包，再用 Jupyter 打开：
#
# ```sh
# pip install "lstmref[derivations]" jupyterlab
# ```
#
# 也可以克隆代码仓库，在仓库根目录启动 Jupyter。要推导别的循环单元，把下面 `name = …` 一行改成它的名字，
# 然后全部重新运行。

# %%
from collections import Counter
from dataclasses import replace
from math import exp, log, sqrt, tanh
from random import Random

from IPython.display import Markdown, Math, display

from derivations.cells import cells
from derivations.derive.formulas import formulas
from derivations.language.expressions import TimeSum, add
from derivations.prove.all_sizes import AllSizes
from derivations.prove.entries import Arithmetic, evaluate
from derivations.prove.unrolled import Unrolled
from derivations.write.layout import lines
from derivations.write.tex import aligned, tex

name = "lstm"

cell = cells()[name]
catalogue = list(formulas(cell))
print(*cells())

# %% [markdown] tags=["lang-en"]
# ## Forward equations
#
# The terms stand in the order of the source. Where an activation is applied to a sum, the sum gets a name
# of its own, a letter with a bar: the pre-activation. The backward pass needs it.

# %% [markdown] tags=["lang-zh"]
# ## 前向方程
#
# 各项的次序与出处一致。激活函数作用在一个和式上时，这个和式单独取名，记作带横线的字母，即预激活值；反
# 向传播要用到它。

# %%
for formula in catalogue:
    if formula.pass_ == "forward":
        display(Math(aligned(*lines(formula.left.node, formula.right, formula.symbols))))

# %% [markdown] tags=["lang-en"]
# ## Backward equations, step by step
#
# A quantity that is used in several places receives a contribution to its cotangent from each of them. For
# every quantity the list shows the equations that use it, what comes back from each use (after the arrow),
# the sum of the contributions, and the rewrites that make the sum readable. On the right stand the names of
# the rules; the last section says what each of them does.

# %% [markdown] tags=["lang-zh"]
# ## 逐步推导反向方程
#
# 一个量在几处被用到，就从几处各收到一份梯度。下面对每个量依次列出：用到它的方程，每一处传回的那一份（箭
# 头之后），各份之和，以及把和式改写得更易读的步骤。右侧是所用规则的名字，最后一节逐个说明它们的含义。


# %%
def derivation(formula):
    rows, shown = [], None
    shared = any(step.kind == "substitute" for step in formula.steps)
    for step in formula.steps:
        if step.kind == "result" and step.right == shown:
            continue
        sign = r"\gets" if step.kind == "local" and shared else "="
        left, (first, *rest) = lines(step.left, step.right, formula.symbols)
        rules = rf"&& {{\small \texttt{{{', '.join(step.rules)}}}}}" if step.rules else ""
        rows.append(rf"{tex(left)} &{sign} {tex(first)} {rules}")
        rows += [rf"&\quad {tex(part)}" for part in rest]
        shown = step.right
    return r"\begin{aligned} " + r" \\[0.5em] ".join(rows) + r" \end{aligned}"


def derive(*roles):
    for formula in catalogue:
        if formula.pass_ == "backward" and formula.left.cotangent_of.role in roles:
            display(Markdown(f"`{formula.id}`"))
            display(Math(derivation(formula)))


derive("state", "intermediate", "input", "previous-state", "initial-state")

# %% [markdown] tags=["lang-en"]
# ## Parameters
#
# Every step uses the same parameters. Each step contributes to their gradients, and the contributions add
# up.

# %% [markdown] tags=["lang-zh"]
# ## 参数
#
# 各时间步共用同一组参数。每一步都对参数的梯度有一份贡献，这些贡献相加，就是参数的梯度。

# %%
derive("parameter")

# %% [markdown] tags=["lang-en"]
# ## Proof for all sizes
#
# The whole step is written in index notation with symbolic sizes and differentiated by SymPy. The
# difference to the derived formula, and to every step above that leads to it, must be the zero polynomial.
# The proof shares no code with the derivation.

# %% [markdown] tags=["lang-zh"]
# ## 对任意维数的证明
#
# 把完整的一步写成下标记号，维数保持为符号，由 SymPy 求导。所得结果与推导出的公式相减，与上面的每个中间
# 步骤相减，差都必须是零多项式。证明与推导不共用任何代码。

# %%
prover = AllSizes(cell)
derived = [formula for formula in catalogue if formula.pass_ != "forward"]
for formula in derived:
    verdict = prover.prove(formula)
    print(f"{verdict.outcome}  {formula.id}")
    assert verdict.outcome == "proved", verdict.reason

# %% [markdown] tags=["lang-en"]
# A proof is worth something only if it can fail. Here the first formula is spoiled by counting its right
# side twice.

# %% [markdown] tags=["lang-zh"]
# 只有能够失败的证明才有价值。下面故意把第一个公式的右边多算一遍。

# %%
first = derived[0]
spoiled = replace(first, right=add(first.right, first.right), steps=())
verdict = prover.prove(spoiled)
print(f"{verdict.outcome}  {spoiled.id}")
assert verdict.outcome == "refuted"

# %% [markdown] tags=["lang-en"]
# ## Proof by unrolling
#
# A second proof, over whole sequences at small sizes: the loss is composed over all steps and
# differentiated by SymPy in every single entry, and the derived formulas are run as the recursion that they
# describe. Each line gives the number of steps, the outcomes, and how many entries were compared. Three
# steps take longer: add a 3 to try.

# %% [markdown] tags=["lang-zh"]
# ## 展开证明
#
# 第二种证明取较小的维数，在整个序列上进行：把损失展开成各步的复合函数，由 SymPy 逐个元素求导，再与按公
# 式逐步递推的结果比较。每行依次是时间步数、结论的个数、比较过的元素个数。想试三步，把 3 加进去即可，用
# 时会长一些。

# %%
for steps in (1, 2):
    verdicts = [verdict for _, verdict in Unrolled(cell, steps).prove(catalogue)]
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    print(steps, dict(outcomes), sum(verdict.coverage["entries"] for verdict in verdicts))
    assert set(outcomes) == {"proved"}

# %% [markdown] tags=["lang-en"]
# ## Numbers
#
# Now the same equations with numbers, in plain Python. The settings are yours to change: the sizes, the
# number of steps, and the scale of the random weights. The loss looks at the last output alone: half the
# sum of its squares.

# %% [markdown] tags=["lang-zh"]
# ## 数值实验
#
# 现在用普通的 Python 给同样的方程代入数值。维数、时间步数、随机权重的尺度都可以随意修改。损失只看最后
# 一步的输出：各元素平方和的一半。

# %%
sizes = {dimension.name: size for dimension, size in zip(cell.dimensions, (3, 4, 5), strict=False)}
length = 12
scales = (0.5, 1.0, 2.0)
seed = 1

# %%
FUNCTIONS = {
    "sigmoid": lambda a: 1 / (1 + exp(-a)),
    "tanh": tanh,
    "relu": lambda a: max(a, 0.0),
    "exp": exp,
    "log": log,
    "softplus": lambda a: log(1 + exp(a)),
    "sqrt": sqrt,
    "reciprocal": lambda a: 1 / a,
    "abs": abs,
    "hard-sigmoid": lambda a: min(max(a / 6 + 0.5, 0.0), 1.0),
    "max": max,
    "min": min,
    "positive": lambda a: float(a > 0),
    "sign": lambda a: float(a > 0) - float(a < 0),
    "inside": lambda a: float(abs(a) < 3),
    "greater": lambda a, b: float(a > b),
}
given_sizes = {dimension.size: sizes[dimension.name] for dimension in cell.dimensions}


def size(n):
    return int(n.subs(given_sizes))


def compute(expression, values):
    def look(symbol):
        return values[symbol.name]

    def call(function, *arguments):
        return FUNCTIONS[function](*arguments)

    def number(n):
        return float(n.subs(given_sizes))

    return evaluate(expression, Arithmetic(look, call, size, number))


def shape(symbol):
    return [size(n) for n in symbol.shape]


def draw(symbol, scale, random):
    rows, columns = shape(symbol)
    return [[random.gauss(0, scale / sqrt(columns)) for _ in range(columns)] for _ in range(rows)]


def draw_data(symbol, random):
    entries = [[random.random() for _ in row] for row in zeros(symbol)]
    total = sum(sum(row) for row in entries)
    return [[a / total for a in row] for row in entries]


def zeros(symbol):
    rows, columns = shape(symbol)
    return [[0.0] * columns for _ in range(rows)]


def settings(scale):
    random = Random(seed)
    parameters = {p.name: draw(p, scale, random) for p in cell.parameters}
    once = {s.name: draw_data(s, random) for s in cell.constants}
    inputs = [
        {x.name: draw(x, 1.0, random) for x in cell.inputs}
        | {y.name: draw_data(y, random) for y in cell.data}
        | once
        for _ in range(length)
    ]
    return parameters, inputs


# %%
def run_forward(parameters, inputs):
    history = []
    state = {s.previous.name: zeros(s) for s in cell.states}
    for given in inputs:
        values = parameters | given | state
        for equation in cell.steps:
            values[equation.left.name] = compute(equation.right.node, values)
        history.append(values)
        state = {s.previous.name: values[s.name] for s in cell.states}
    return history


def loss(history):
    return sum(a * a for row in history[-1][cell.output.name] for a in row) / 2


def run_backward(history):
    output = cell.output
    arriving = {f"d{s.name}_next": zeros(s) for s in cell.states}
    cotangents = []
    for values in reversed(history):
        last = not cotangents
        on_outputs = {f"d{o.name}_loss": zeros(o) for o in cell.outputs}
        values = values | arriving | on_outputs
        values[f"d{output.name}_loss"] = values[output.name] if last else zeros(output)
        for formula in catalogue:
            once = isinstance(formula.right, TimeSum)
            if formula.pass_ == "backward" and not once and "initial-state" not in formula.assumptions:
                values[formula.left.name] = compute(formula.right, values)
        cotangents.append(values)
        arriving = {f"d{s.name}_next": values[f"d{s.name}_prev"] for s in cell.states}
    return cotangents[::-1]


# %% [markdown] tags=["lang-en"]
# First a check: the gradient of one entry of one parameter (of an input of the first step, where a cell has
# no parameters), by the derived formulas and by a central difference. Which entry is yours to choose.

# %% [markdown] tags=["lang-zh"]
# 先做一次核对：任选一个参数的一个元素（没有参数的单元，就取第一步的一个输入），比较公式给出的梯度与中心差分
# 的结果。参数和元素都可以自己换。

# %%
checked, row, column = (cell.parameters or cell.inputs)[1], 0, 0
step = 1e-5


def nudged(by):
    parameters, inputs = settings(1.0)
    of = parameters if checked in cell.parameters else inputs[0]
    of[checked.name][row][column] += by
    return loss(run_forward(parameters, inputs))


history = run_backward(run_forward(*settings(1.0)))
if checked in cell.parameters:
    by_formula = sum(values[f"d{checked.name}_t"][row][column] for values in history)
else:  # an input, at the first step
    by_formula = history[0][f"d{checked.name}"][row][column]
by_difference = (nudged(step) - nudged(-step)) / (2 * step)
print(f"{checked.name}[{row},{column}]  {by_formula:.6f}  {by_difference:.6f}")
assert abs(by_formula - by_difference) < 1e-7 * max(1, abs(by_difference))

# %% [markdown] tags=["lang-en"]
# Then a question: how much of the gradient is left after it has gone back through many steps? Each row is a
# time step, each column a scale of the weights; the number is the norm of the cotangent of the first state at
# that step. Try other scales, longer sequences, or another cell.

# %% [markdown] tags=["lang-zh"]
# 再看一个问题：梯度往回传过许多步之后还剩多少？每行是一个时间步，每列是一种权重尺度，数值是该步第一
# 个状态的梯度的范数。可以换别的尺度、更长的序列或别的循环单元再试。

# %%
watched = f"d{cell.states[0].name}"
columns = []
for scale in scales:
    history = run_backward(run_forward(*settings(scale)))
    norms = [sqrt(sum(a * a for row in values[watched] for a in row)) for values in history]
    columns.append(norms)
print("  t", *(f"{scale:>10}" for scale in scales))
for t in range(length, 0, -1):
    print(f"{t:3}", *(f"{column[t - 1]:10.2e}" for column in columns))

# %% [markdown] tags=["lang-en"]
# ## Names of the rules
#
# <!-- rules -->

# %% [markdown] tags=["lang-zh"]
# ## 规则的名字
#
# <!-- rules -->
