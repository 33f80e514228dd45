using Spectre.Console;

namespace Polymath.Cli.Common;

/// <summary>Progress on stderr: bars with the time left on a terminal, a plain line now and then where it is redirected.</summary>
internal static class Reporting
{
    /// <summary>Runs a piece of work with progress.</summary>
    public static async Task<T> WithProgressAsync<T>(Streams streams, Func<IProgress<WorkProgress>, Task<T>> work)
    {
        if (streams.Error != Console.Error || Console.IsErrorRedirected) return await work(new PlainLines(streams.Error)).ConfigureAwait(false);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(streams.Error) });
        return await console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bars(context))).ConfigureAwait(false);
    }

    /// <summary>Runs a piece of work that does not await.</summary>
    public static Task<T> WithProgressAsync<T>(Streams streams, Func<IProgress<WorkProgress>, T> work, CancellationToken cancellation) =>
        WithProgressAsync(streams, progress => Task.Run(() => work(progress), cancellation));

    private sealed class Bars(ProgressContext context) : IProgress<WorkProgress>
    {
        private readonly Dictionary<string, ProgressTask> _tasks = [];

        public void Report(WorkProgress value)
        {
            if (!_tasks.TryGetValue(value.Stage, out var task)) _tasks[value.Stage] = task = context.AddTask(Markup.Escape(value.Stage), maxValue: value.Total ?? double.MaxValue);
            if (value.Total is null) task.IsIndeterminate = true;
            task.Value = value.Done;
            if (value.Note is not null) task.Description = Markup.Escape($"{value.Stage}, {value.Note}");
        }
    }

    /// <summary>A line for a stage after two seconds, then every ten.</summary>
    private sealed class PlainLines(TextWriter writer) : IProgress<WorkProgress>
    {
        private string? _stage;
        private DateTime _started, _next;

        public void Report(WorkProgress value)
        {
            var now = DateTime.UtcNow;
            if (_stage != value.Stage) (_stage, _started, _next) = (value.Stage, now, now.AddSeconds(2));
            if (now < _next) return;
            _next = now.AddSeconds(10);
            var left = value.Total is { } total && value.Done > 0 ? $" of {total:N0}, {(now - _started) * ((double)(total - value.Done) / value.Done):h\\:mm\\:ss} left" : "";
            writer.WriteLine($"{value.Stage}: {value.Done:N0}{left}{(value.Note is null ? "" : $", {value.Note}")}");
        }
    }
}
