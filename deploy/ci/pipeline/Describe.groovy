// Reads a declarative Jenkinsfile with Groovy's own parser, checks that it is made of what declarative pipelines are made of,
// and prints it as JSON. Nothing of it is run.
//
//   groovy Describe.groovy JENKINSFILE…
//
// Of several files nothing is printed but what is wrong: one line each, `FILE:LINE: WHAT`, and the exit code is 1. The names that are known here are those of
// https://www.jenkins.io/doc/book/pipeline/syntax/.

import groovy.json.JsonOutput
import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.builder.AstBuilder
import org.codehaus.groovy.ast.expr.ArgumentListExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.BinaryExpression
import org.codehaus.groovy.ast.expr.GStringExpression
import org.codehaus.groovy.ast.expr.ListExpression
import org.codehaus.groovy.ast.expr.MapExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.ast.expr.UnaryMinusExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.ReturnStatement
import org.codehaus.groovy.ast.stmt.Statement
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.messages.SyntaxErrorMessage

class Wrong extends Exception {
    Wrong(ASTNode where, String what) { super("${where.lineNumber}: $what") }
}

/** A call as it is written, `name(arguments) { body }`. */
class Call {
    String name
    List<Expression> arguments
    ClosureExpression body
    ASTNode node
}

class Reader {
    static final PIPELINE = ['agent', 'environment', 'libraries', 'options', 'parameters', 'post', 'stages', 'tools', 'triggers']
    static final STAGE = ['agent', 'environment', 'failFast', 'input', 'matrix', 'options', 'parallel', 'post', 'stages', 'steps',
                          'tools', 'when']
    static final OPTIONS = ['ansiColor', 'buildDiscarder', 'checkoutToSubdirectory', 'disableConcurrentBuilds', 'disableResume',
                            'durabilityHint', 'newContainerPerStage', 'overrideIndexTriggers', 'parallelsAlwaysFailFast',
                            'preserveStashes', 'quietPeriod', 'rateLimitBuilds', 'retry', 'skipDefaultCheckout',
                            'skipStagesAfterUnstable', 'timeout', 'timestamps']
    static final STAGE_OPTIONS = ['ansiColor', 'retry', 'skipDefaultCheckout', 'timeout', 'timestamps']
    static final PARAMETERS = ['booleanParam', 'choice', 'file', 'password', 'string', 'text']
    static final POST = ['aborted', 'always', 'changed', 'cleanup', 'failure', 'fixed', 'regression', 'success', 'unstable',
                         'unsuccessful']
    static final CONDITIONS = ['branch', 'buildingTag', 'changeRequest', 'changelog', 'changeset', 'environment', 'equals',
                               'expression', 'isRestartedRun', 'tag', 'triggeredBy']
    static final NESTED = ['allOf', 'anyOf', 'not']
    static final BEFORE = ['beforeAgent', 'beforeInput', 'beforeOptions']
    static final INPUT = ['id', 'message', 'ok', 'parameters', 'submitter', 'submitterParameter']
    static final AGENTS = ['any', 'docker', 'dockerfile', 'kubernetes', 'label', 'node', 'none']

    Map pipeline(BlockStatement file) {
        def calls = callsOf(file)
        if (calls.size() != 1 || calls[0].name != 'pipeline' || !calls[0].body) {
            throw new Wrong(calls ? calls.find { it.name != 'pipeline' }?.node ?: calls[-1].node : file,
                            'a declarative Jenkinsfile is one pipeline { … } and nothing else')
        }
        def root = calls[0]
        def sections = sectionsOf(root, 'pipeline', PIPELINE)
        need(root, sections, 'agent')
        need(root, sections, 'stages')
        def stages = stages(sections.stages)
        def names = stages*.name
        def twice = names.find { name -> names.count(name) > 1 }
        if (twice) { throw new Wrong(sections.stages.node, "there are two stages called '$twice'") }
        [agent: agent(sections.agent), options: options(sections.options, 'options', OPTIONS),
         parameters: options(sections.parameters, 'parameters', PARAMETERS), environment: environment(sections.environment),
         stages: stages, post: post(sections.post)]
    }

    List<Map> stages(Call section) {
        def calls = callsOf(bodyOf(section))
        if (!calls) { throw new Wrong(section.node, 'stages has no stage') }
        calls.collectMany { call ->
            if (call.name != 'stage') { throw new Wrong(call.node, "stages has stages in it, not '$call.name'") }
            def group = call.body ? callsOf(bodyOf(call)).find { it.name == 'stages' } : null
            group ? stagesOf(call) : [stage(call)]
        }
    }

    /** The stages of a stage that only says on which agent they are run, one after the other. */
    List<Map> stagesOf(Call call) {
        def name = call.arguments ? text(call.arguments[0]) : null
        def sections = sectionsOf(call, "stage '$name', which is made of stages,", ['agent', 'stages'])
        need(call, sections, 'agent')
        stages(sections.stages).collect { it + [agent: it.agent ?: agent(sections.agent)] }
    }

    Map stage(Call call) {
        def name = call.arguments ? text(call.arguments[0]) : null
        if (!name) { throw new Wrong(call.node, 'a stage has a name: stage(\'Test\') { … }') }
        def sections = sectionsOf(call, "stage '$name'", STAGE)
        def kinds = ['steps', 'stages', 'parallel', 'matrix'].findAll { sections[it] }
        if (kinds.size() != 1) { throw new Wrong(call.node, "stage '$name' has one of steps, stages, parallel, matrix, not ${kinds ?: 'none'}") }
        // The rule of this pipeline: what a stage does is a script of the repository, so that people do the same.
        if (kinds != ['steps']) { throw new Wrong(call.node, "stage '$name' has no steps; each stage here is one line") }
        [name: name, line: call.node.lineNumber, command: command(name, sections.steps),
         when: sections.when ? conditions(sections.when) : [], input: sections.input ? input(sections.input) : null,
         agent: sections.agent ? agent(sections.agent) : null,
         options: options(sections.options, 'options', STAGE_OPTIONS), environment: environment(sections.environment),
         post: post(sections.post)]
    }

    String command(String stage, Call steps) {
        def calls = callsOf(bodyOf(steps))
        if (calls.size() != 1 || calls[0].name != 'sh' || calls[0].arguments.size() != 1) {
            throw new Wrong(steps.node, "stage '$stage' has one step, sh '…', not ${calls*.name}")
        }
        text(calls[0].arguments[0])
    }

    /** The conditions of `when`, all of which must hold; beforeInput and its like are no conditions. */
    List<Map> conditions(Call section) {
        def conditions = callsOf(bodyOf(section)).findAll { !(it.name in BEFORE) }.collect { call ->
            if (call.name in NESTED) { return [(call.name): conditions(call)] }
            if (!(call.name in CONDITIONS)) { throw new Wrong(call.node, "'$call.name' is no condition of when") }
            [(call.name): call.name == 'expression' ? call.body?.text : call.arguments.collect { value(it) }]
        }
        if (!conditions) { throw new Wrong(section.node, "$section.name says nothing") }
        conditions
    }

    Map input(Call section) {
        def said = sectionsOf(section, 'input', INPUT)
        need(section, said, 'message')
        said.findAll { !it.value.body }.collectEntries { name, call -> [name, value(call.arguments[0])] }
    }

    def agent(Call call) {
        def said = call.body ? callsOf(call.body.code)*.name : call.arguments.collect { text(it) }
        if (said.size() < 1 || !(said[0] in AGENTS)) { throw new Wrong(call.node, "agent is one of $AGENTS, not $said") }
        call.body ? callsOf(call.body.code).collectEntries { [it.name, it.arguments.collect { one -> value(one) }[0]] } : said[0]
    }

    List<Map> options(Call section, String what, List known) {
        if (!section) { return [] }
        callsOf(bodyOf(section)).collect { call ->
            if (!(call.name in known)) { throw new Wrong(call.node, "'$call.name' is none of the $what that there are here: $known") }
            [name: call.name, arguments: call.arguments.collect { value(it) }]
        }
    }

    Map environment(Call section) {
        if (!section) { return [:] }
        statementsOf(bodyOf(section)).collectEntries { statement ->
            def expression = expressionOf(statement)
            if (!(expression instanceof BinaryExpression) || expression.operation.text != '=' ||
                !(expression.leftExpression instanceof VariableExpression)) {
                throw new Wrong(statement, "environment has lines NAME = 'value'")
            }
            def right = expression.rightExpression
            [expression.leftExpression.name, right instanceof MethodCallExpression ? [credentials: text(callOf(right).arguments[0])] : text(right)]
        }
    }

    Map post(Call section) {
        if (!section) { return [:] }
        sectionsOf(section, 'post', POST).collectEntries { name, call ->
            [name, callsOf(bodyOf(call)).collect { [name: it.name, arguments: it.arguments.collect { one -> value(one) }] }]
        }
    }

    // ---- the tree ----------------------------------------------------------------------

    Map<String, Call> sectionsOf(Call parent, String what, List known) {
        def found = [:]
        callsOf(bodyOf(parent)).each { call ->
            if (!(call.name in known)) { throw new Wrong(call.node, "$what has no section '$call.name'; there are $known") }
            if (found.containsKey(call.name)) { throw new Wrong(call.node, "$what has '$call.name' twice") }
            found[call.name] = call
        }
        found
    }

    void need(Call parent, Map sections, String name) {
        if (!sections[name]) { throw new Wrong(parent.node, "$parent.name needs $name") }
    }

    Statement bodyOf(Call call) {
        if (!call.body) { throw new Wrong(call.node, "'$call.name' has a body in braces") }
        call.body.code
    }

    List<Statement> statementsOf(Statement block) { block instanceof BlockStatement ? block.statements : [block] }

    List<Call> callsOf(Statement block) { statementsOf(block).collect { callOf(expressionOf(it)) } }

    Expression expressionOf(Statement statement) {
        if (statement instanceof ExpressionStatement || statement instanceof ReturnStatement) { return statement.expression }
        throw new Wrong(statement, 'a declarative pipeline has no statements of a program')
    }

    Call callOf(Expression expression) {
        // `agent any` is a call with a variable; a lone word in an options block is none at all.
        if (!(expression instanceof MethodCallExpression)) { throw new Wrong(expression, "what is '$expression.text' here?") }
        def all = expression.arguments instanceof TupleExpression ? expression.arguments.expressions : [expression.arguments]
        def body = all && all[-1] instanceof ClosureExpression ? all[-1] : null
        new Call(name: expression.methodAsString, arguments: body ? all[0..<-1] : all, body: body, node: expression)
    }

    String text(Expression expression) {
        if (expression instanceof GStringExpression) {
            throw new Wrong(expression, 'a text with ${…} in double quotes is filled in by Jenkins, secrets too; use single quotes')
        }
        if (expression instanceof ConstantExpression) { return expression.value.toString() }
        if (expression instanceof VariableExpression) { return expression.name }
        throw new Wrong(expression, "this is a text, not '$expression.text'")
    }

    def value(Expression expression) {
        switch (expression) {
            case ConstantExpression: return expression.value
            case VariableExpression: return expression.name
            case ListExpression: return expression.expressions.collect { value(it) }
            case MapExpression: return expression.mapEntryExpressions.collectEntries { [value(it.keyExpression), value(it.valueExpression)] }
            case UnaryMinusExpression: return -value(expression.expression)
            case MethodCallExpression:
                def call = callOf(expression)
                return [(call.name): call.arguments.collect { value(it) }]
            default: return text(expression)
        }
    }
}

/** The one line that says what is wrong with the file, or null. */
static String problemOf(File file, Closure use) {
    try {
        use(new Reader().pipeline(new AstBuilder().buildFromString(CompilePhase.CONVERSION, true, file.getText('UTF-8'))[0]))
        return null
    } catch (MultipleCompilationErrorsException error) {
        def first = error.errorCollector.errors.find { it instanceof SyntaxErrorMessage }?.cause
        return first ? "$first.line: ${first.originalMessage.readLines()[0]}" : '1: it is no Groovy'
    } catch (Wrong error) {
        return error.message
    }
}

if (args.length == 0) {
    System.err.println('Describe.groovy: which Jenkinsfile?')
    System.exit(2)
}
def problems = args.collect { name ->
    def problem = problemOf(new File(name)) { if (args.length == 1) { println JsonOutput.prettyPrint(JsonOutput.toJson(it)) } }
    if (problem) { System.err.println("$name:$problem") }
    problem
}
System.exit(problems.any() ? 1 : 0)
